import { Fragment } from "react";
import { encode } from "uqr";

/** Light squares around a QR code, without which cameras do not find it (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** Characters of a key that stand together. */
const GROUP = 4;

function groupStarts(key: string): number[] {
  return Array.from({ length: Math.ceil(key.length / GROUP) }, (_, group) => group * GROUP);
}

/** The secret for an authenticator app: to be scanned, and to be typed. `uri`: what the QR code tells. */
export function AuthenticatorKey({ uri, secret }: { uri: string; secret: string }) {
  return (
    <>
      <p className="mt-3 text-muted">
        Scan this with your authenticator app. On the phone itself, or without a camera, type the key instead.
      </p>
      <QrCode text={uri} />
      <dl className="mt-4">
        <dt className="text-muted text-small">Key</dt>
        <dd className="font-mono">
          {/* In groups to the eye alone: copied, it has nothing between them that an app would refuse. */}
          <data value={secret}>
            {groupStarts(secret).map((at) => (
              <Fragment key={at}>
                <span className="mr-2">{secret.slice(at, at + GROUP)}</span>
                <wbr />
              </Fragment>
            ))}
          </data>
        </dd>
      </dl>
    </>
  );
}

/** Dark on light in either scheme: cameras expect that. */
function QrCode({ text }: { text: string }) {
  const { size, data } = encode(text, { ecc: "M", border: QUIET_ZONE });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      role="img"
      aria-label="QR of the key below"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="mx-auto mt-5 block w-full max-w-56 rounded-control bg-[#fff] forced-color-adjust-none"
    >
      <path d={squares.join("")} fill="#000" />
    </svg>
  );
}
