import type { ComponentProps } from "react";

type IconProps = Omit<ComponentProps<"svg">, "children">;

/** A drawing beside words: 20 px, hidden from assistive technology, because the words say it already. */
function Icon({ children, ...props }: ComponentProps<"svg">) {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...props}
    >
      {children}
    </svg>
  );
}

export function CheckIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <circle cx="10" cy="10" r="7.25" />
      <path d="m6.9 10.3 2.1 2.1 4.2-4.5" />
    </Icon>
  );
}

export function InfoIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <circle cx="10" cy="10" r="7.25" />
      <path d="M10 9.4v4M10 6.6v.01" />
    </Icon>
  );
}

export function WarningIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <circle cx="10" cy="10" r="7.25" />
      <path d="M10 6.4v4.2M10 13.4v.01" />
    </Icon>
  );
}

export function EyeIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M2.2 10c1.7-3.2 4.5-4.9 7.8-4.9s6.1 1.7 7.8 4.9c-1.7 3.2-4.5 4.9-7.8 4.9S3.9 13.2 2.2 10Z" />
      <circle cx="10" cy="10" r="2.3" />
    </Icon>
  );
}

export function EyeOffIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M8.1 5.3c.6-.1 1.2-.2 1.9-.2 3.3 0 6.1 1.7 7.8 4.9-.6 1-1.2 1.9-2 2.6M5.3 6.3C4 7.100 3 8.400 2.200 10c1.700 3.200 4.500 4.900 7.800 4.900 1.500 0 2.900-.4 4.100-1.100M8.400 8.400a2.300 2.300 0 0 0 3.200 3.200M3.500 3.500l13 13" />
    </Icon>
  );
}

export function ArrowIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <path d="M4.5 10h11M11 5.5 15.5 10 11 14.5" />
    </Icon>
  );
}
