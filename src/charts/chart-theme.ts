export interface ChartTheme {
  text: string
  mutedText: string
  axisLine: string
  gridLine: string
  surface: string
  /** These differ in lightness and under colour vision deficiencies. */
  received: string
  closed: string
  backlog: string
  overdue: string
  accent: string
  faded: string
  fontFamily: string
}

const fontFamily =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

export const lightChartTheme: ChartTheme = {
  text: '#1e293b',
  mutedText: '#526075',
  axisLine: '#94a3b8',
  gridLine: '#e2e8f0',
  surface: '#ffffff',
  received: '#0072b2',
  closed: '#009e73',
  backlog: '#b34a00',
  overdue: '#6b0f3a',
  accent: '#0f766e',
  faded: '#cbd5e1',
  fontFamily,
}

export const darkChartTheme: ChartTheme = {
  text: '#e2e8f0',
  mutedText: '#a3b1c6',
  axisLine: '#64748b',
  gridLine: '#263449',
  surface: '#0f172a',
  received: '#56b4e9',
  closed: '#3fc79a',
  backlog: '#f0a35e',
  overdue: '#e8467c',
  accent: '#2dd4bf',
  faded: '#475569',
  fontFamily,
}
