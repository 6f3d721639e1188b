import { lightChartTheme } from './chart-theme.ts'

let context: CanvasRenderingContext2D | null | undefined

/** @returns pixels of one line of a chart's text */
export function measureText(text: string): number {
  if (context === undefined) {
    context = document.createElement('canvas').getContext('2d')
    if (context) context.font = `12px ${lightChartTheme.fontFamily}`
  }
  return context?.measureText(text).width ?? 0
}
