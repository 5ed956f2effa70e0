export { postCredentials as POST, readAuth as GET } from "@/lib/auth/credentials-route";
