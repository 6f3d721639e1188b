import { describe, expect, it } from 'vitest'
import { fitWidth, legendRows } from './fit-width.option.ts'

/** Every letter is as wide. */
const measure = (text: string): number => text.length * 6
const series = (...names: string[]) => names.map((name) => ({ type: 'line', name, data: [] }))
const legend = { top: 0, left: 0, itemWidth: 15 }
const grid = { left: 8, right: 12, top: 30, bottom: 4 }

describe('legendRows', () => {
  // an entry takes 15 + 5 + 60, and 8 lie between two; 5 on each side lie around all
  const option = { legend, series: series('aaaaaaaaaa', 'bbbbbbbbbb', 'bbbbbbbbbb', 'cccccccccc') }

  it('breaks as ECharts does, each name once', () => {
    expect(legendRows(option, 266, measure)).toBe(1)
    expect(legendRows(option, 265, measure)).toBe(2)
    expect(legendRows(option, 178, measure)).toBe(2)
    expect(legendRows(option, 177, measure)).toBe(3)
    expect(legendRows(option, 20, measure)).toBe(3)
  })

  it('counts the names of the legend where it has its own, and nothing without one', () => {
    const own = { ...option, legend: { ...legend, data: ['aaaaaaaaaa'] } }
    expect(legendRows(own, 100, measure)).toBe(1)
    expect(legendRows({ series: option.series }, 100, measure)).toBe(0)
  })
})

describe('fitWidth', () => {
  it('pushes the plot below all rows of the legend, and makes the chart as much higher', () => {
    const option = { legend, grid, series: series('aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc') }
    expect(fitWidth(option, 600, measure)).toMatchObject({ option: { grid }, more: 0 })
    expect(fitWidth(option, 177, measure)).toMatchObject({
      option: { grid: { ...grid, top: 74 } },
      more: 44,
    })
  })

  it('adds nothing where there is no legend', () => {
    const option = { grid: { ...grid, top: 4 }, series: series('aaaaaaaaaa') }
    expect(fitWidth(option, 100, measure)).toMatchObject({ option: { grid: { top: 4 } }, more: 0 })
  })

  it('leaves the lower one of two plots alone', () => {
    const lower = { left: 48, bottom: 28, height: 56 }
    const option = { legend, grid: [grid, lower], series: series('aaaaaaaaaa', 'bbbbbbbbbb') }
    expect(fitWidth(option, 100, measure).option.grid).toEqual([{ ...grid, top: 52 }, lower])
  })

  it('gives names a share of the width', () => {
    const names = { type: 'category', data: ['Street'], axisLabel: { width: 150, color: 'black' } }
    const widthAt = (width: number) =>
      (fitWidth({ grid, yAxis: names, series: [] }, width, measure).option.yAxis as typeof names)
        .axisLabel
    expect(widthAt(330)).toEqual({ width: 110, color: 'black' })
    expect(widthAt(600).width).toBe(180)
    expect(widthAt(1400).width).toBe(220)
    const numbers = { type: 'value', axisLabel: {} }
    expect(fitWidth({ grid, yAxis: numbers, series: [] }, 330, measure).option.yAxis).toBe(numbers)
  })

  it('slants the names of columns that would touch', () => {
    const xAxis = { data: ['Mission', 'Tenderloin', 'Sunset'], axisLabel: { width: 72, rotate: 0 } }
    const yAxis = { data: ['Street lights'], axisLabel: { width: 150 } }
    const labelAt = (width: number) =>
      (fitWidth({ grid, xAxis, yAxis, series: [] }, width, measure).option.xAxis as typeof xAxis)
        .axisLabel
    // 78 for the row's name, 24 beside the plot, 60 + 8 a column
    expect(labelAt(78 + 24 + 3 * 68)).toEqual({ rotate: 0, width: 60 })
    expect(labelAt(78 + 24 + 3 * 68 - 3)).toEqual({ rotate: 40, width: 96 })
    // a name is cut where the column ends
    expect(labelAt(78 + 24 + 3 * 130).width).toBe(122)
    const others = { data: ['0', '1'], axisLabel: { hideOverlap: true } }
    expect(fitWidth({ grid, xAxis: others, series: [] }, 20, measure).option.xAxis).toBe(others)
  })
})
