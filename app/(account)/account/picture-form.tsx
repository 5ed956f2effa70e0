"use client";

import { type FormEvent, useEffect, useState } from "react";
import { Form } from "@/components/form/form";
import { usePage } from "@/components/form/page-context";
import { BusyStatus } from "@/components/form/submit-button";
import { Button } from "@/components/ui/button";
import { FieldError } from "@/components/ui/field-error";
import { Hint, Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { PICTURE_MAX_BYTES, PICTURE_MAX_IN_WORDS } from "@/lib/shared/limits";
import { routes } from "@/lib/shared/routes";

/** The input with the file. */
const FILE = "picture-file";

/** What a script can find wrong with a file, in the server's words. */
export type PictureFaults = { missing: string; tooLarge: string };

type PictureFormProps = {
  /** What the server said of the picture before; null: nothing. */
  refusal: string | null;
  faults: PictureFaults;
};

/**
 * The form with a picture: a plain one, which goes to a route. A script looks at what can be seen here, before megabytes are
 * sent for nothing.
 */
export function PictureForm({ refusal, faults }: PictureFormProps) {
  const { isAnswered } = usePage();
  const [found, setFound] = useState<string | null>();
  const [isBusy, setIsBusy] = useState(false);
  const error = found === undefined && !isAnswered ? refusal : (found ?? null);

  useEffect(() => {
    const comeBack = ({ persisted }: PageTransitionEvent) => persisted && setIsBusy(false);
    window.addEventListener("pageshow", comeBack);
    return () => window.removeEventListener("pageshow", comeBack);
  }, []);

  function submit(event: FormEvent<HTMLFormElement>) {
    const input = event.currentTarget.querySelector<HTMLInputElement>(`#${FILE}`);
    const fault = faultOf(input?.files?.[0], faults);
    setFound(fault);
    if (fault !== null || isBusy) event.preventDefault();
    if (fault !== null) input?.focus();
    else setIsBusy(true);
  }

  return (
    <Form
      action={routes.accountPicture}
      method="post"
      encType="multipart/form-data"
      onSubmit={submit}
      noValidate
      className="grid gap-5 print:hidden"
    >
      <div className="grid gap-y-1.5">
        <Label htmlFor={FILE}>New picture</Label>
        <Input
          id={FILE}
          type="file"
          name="picture"
          required
          accept="image/png,image/jpeg,image/webp"
          aria-invalid={error !== null || undefined}
          aria-describedby={error === null ? `${FILE}-hint` : `${FILE}-error ${FILE}-hint`}
          autoFocus={refusal !== null}
          onChange={() => setFound(null)}
          className="file:mr-3 file:cursor-pointer file:rounded-control file:border-0 file:bg-wash file:px-3 file:py-1 file:font-semibold file:text-ink"
        />
        <div aria-live="polite">
          {error !== null && <FieldError id={`${FILE}-error`}>{error}</FieldError>}
        </div>
        <Hint id={`${FILE}-hint`}>
          A PNG, JPEG or WebP of up to {PICTURE_MAX_IN_WORDS}. We keep its middle as a square, and nothing
          else of the file.
        </Hint>
      </div>
      <Button type="submit" look="quiet" isBusy={isBusy} busyLabel="Saving…" className="w-full">
        Save picture
      </Button>
      <BusyStatus>{isBusy && "Saving…"}</BusyStatus>
    </Form>
  );
}

/** What is wrong with a file as far as a browser can see; null: nothing. */
function faultOf(file: File | undefined, { missing, tooLarge }: PictureFaults): string | null {
  if (!file || file.size === 0) return missing;
  return file.size > PICTURE_MAX_BYTES ? tooLarge : null;
}
