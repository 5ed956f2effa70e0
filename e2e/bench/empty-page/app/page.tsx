export const dynamic = "force-dynamic";

export default function EmptyPage() {
  return (
    <main>
      <h1>Nothing here</h1>
      <p>{new Date().toISOString()}</p>
    </main>
  );
}
