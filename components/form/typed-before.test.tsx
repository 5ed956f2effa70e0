import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { failed } from "@/lib/shared/action-state";
import { Field } from "./field";
import { Form } from "./form";
import { PageProvider } from "./page-context";
import { TypedBefore } from "./typed-before";
import { useActionForm } from "./use-action-form";

const noSchema = () => Promise.reject(new Error("not asked for"));

/** One of several forms of a page with fields of the same name. */
function Note({ name }: { name: string | undefined }) {
  const action = async (_: unknown, form: FormData) => failed("", form);
  const { form, formProps } = useActionForm<"title">(action, noSchema, name);
  return (
    <Form {...formProps}>
      <Field form={form} name="title" label="Title" />
    </Form>
  );
}

/** What stands in the title of each form. */
function titles(typedInto: string | null, ...names: (string | undefined)[]): string[] {
  const html = renderToStaticMarkup(
    <PageProvider marks={{ secret: "", reader: "" }} origin="">
      <TypedBefore values={{ title: "typed" }} form={typedInto}>
        {names.map((name) => (
          <Note key={name ?? "none"} name={name} />
        ))}
      </TypedBefore>
    </PageProvider>,
  );
  const inputs = html.match(/<input[^>]*name="title"[^>]*>/g) ?? [];
  return inputs.map((tag) => /value="(\w*)"/.exec(tag)?.[1] ?? "");
}

it("gives what was typed to the form that it was typed into", () => {
  expect(titles("second", "first", "second", undefined)).toEqual(["", "typed", ""]);
  expect(titles("", "first", undefined)).toEqual(["", "typed"]);
});

it("gives it to every form that has such a field where that is not known", () => {
  expect(titles(null, "first", undefined)).toEqual(["typed", "typed"]);
});
