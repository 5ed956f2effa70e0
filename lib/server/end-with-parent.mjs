// Loaded into a step of the build before everything else: it ends when the process that started it is gone, however that
// went. Not its own workers, which would inherit the flag that loads this: they end with it.
process.execArgv.length = 0;
process.once("disconnect", () => process.exit(1));
process.channel?.unref();
