/** The parts of the product that stories and the benchmark use beside its pages. */

export { SETTING_NAMES, type SettingName } from "../platform/settings/table";
export { HashPool } from "../security/passwords/pool";
export { ensureBuild } from "../server/build";
export { BURST_LIMITS, EMAIL_LIMITS, LOGIN_LIMITS } from "../shared/limits";
export { DAY_MS, DAY_S, HOUR_MS, MINUTE_MS, MINUTE_S, SECOND_MS } from "../shared/units";
