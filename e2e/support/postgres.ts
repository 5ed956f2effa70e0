export * from "../../lib/testing/postgres";
