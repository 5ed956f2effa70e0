import type { NextRequest } from "next/server";
import { readAuth } from "@/lib/auth/credentials-route";
import { providerAnswering, takeProviderAnswer } from "@/lib/auth/providers/callback-route";

export { postCredentials as POST } from "@/lib/auth/credentials-route";

export async function GET(request: NextRequest): Promise<Response> {
  const provider = providerAnswering(request);
  return provider ? takeProviderAnswer(provider, request) : readAuth(request);
}
