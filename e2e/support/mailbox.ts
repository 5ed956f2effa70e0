export * from "../../lib/testing/mail-sink";
