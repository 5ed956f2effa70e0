type AvatarProps = {
  /** Whose it is: without a picture its first letter stands there. */
  name: string;
  /** The picture's address; null: there is none. */
  picture: string | null;
  className?: string;
};

/** Somebody's picture, or a letter drawn in its place. It stands beside what says the same in words. */
export function Avatar({ name, picture, className = "" }: AvatarProps) {
  const shape = `shrink-0 overflow-hidden rounded-full border border-line ${className}`;
  return picture === null ? (
    <span aria-hidden="true" className={`grid place-content-center bg-wash font-semibold text-ink ${shape}`}>
      {initialOf(name)}
    </span>
  ) : (
    <span aria-hidden="true" className={shape}>
      <img src={picture} alt="" width={256} height={256} className="size-full object-cover" />
    </span>
  );
}

/** The first letter or digit of a name, or whatever it begins with. */
function initialOf(name: string): string {
  const [first = ""] = /[\p{L}\p{N}]/u.exec(name) ?? [...name];
  return first.toUpperCase();
}
