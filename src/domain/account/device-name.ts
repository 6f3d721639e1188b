/** Null where unknown. */
export interface DeviceName {
  browser: string | null
  system: string | null
  isHandheld: boolean
}

/** Imitators come first: they also name the browser they imitate. */
const browsers: [RegExp, string][] = [
  [/MicroMessenger\//, 'WeChat'],
  [/EdgA?\/|EdgiOS\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/HuaweiBrowser\//, 'Huawei Browser'],
  [/MiuiBrowser\//, 'Mi Browser'],
  [/M?QQBrowser\//, 'QQ Browser'],
  [/UCBrowser\//, 'UC Browser'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/(Headless)?Chrome\/|CriOS\//, 'Chrome'],
  [/Version\/[\d.]+ .*Safari\//, 'Safari'],
]
const systems: [RegExp, string, 'handheld' | 'desk'][] = [
  [/OpenHarmony|HarmonyOS/, 'HarmonyOS', 'handheld'],
  [/Android/, 'Android', 'handheld'],
  [/iPhone/, 'iPhone', 'handheld'],
  [/iPad/, 'iPad', 'handheld'],
  [/Windows NT/, 'Windows', 'desk'],
  [/CrOS/, 'ChromeOS', 'desk'],
  [/Macintosh/, 'macOS', 'desk'],
  [/Linux/, 'Linux', 'desk'],
]

/** Clients may send any text. */
export function deviceName(userAgent: string | null): DeviceName {
  const text = userAgent ?? ''
  const system = systems.find(([pattern]) => pattern.test(text))
  return {
    browser: browsers.find(([pattern]) => pattern.test(text))?.[1] ?? null,
    system: system?.[1] ?? null,
    isHandheld: system?.[2] === 'handheld',
  }
}
