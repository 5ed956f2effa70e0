import { encode } from "uqr";
import { groupedBy4 } from "@/lib/shared/two-factor";

/** Light squares around a QR code, without which cameras do not find it (ISO/IEC 18004). */
const QUIET_ZONE = 4;

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
        <dd className="wrap-anywhere font-mono">{groupedBy4(secret)}</dd>
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
