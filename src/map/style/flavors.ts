import { DARK, LIGHT, type Flavor } from '@protomaps/basemaps'
import type { MapTheme } from '../types.ts'

/** Colours of what the engine draws itself. */
export interface Palette {
  /** Boundaries between areas. */
  boundary: string
  /** Hovered, pinned and selected outlines, and the casing under them. */
  accent: string
  pinned: string
  casing: string
  /** Ring around points and text on them. */
  pointGround: string
  pointText: string
  location: string
}

export const palettes: Record<MapTheme, Palette> = {
  light: {
    boundary: '#5b6b73',
    accent: '#0f3d4c',
    pinned: '#b4450b',
    casing: '#ffffff',
    pointGround: '#ffffff',
    pointText: '#ffffff',
    location: '#1d6fd8',
  },
  dark: {
    boundary: '#8fa3ad',
    accent: '#e6f4f5',
    pinned: '#ffb168',
    casing: '#0b1216',
    pointGround: '#eef4f5',
    pointText: '#ffffff',
    location: '#6fb1ff',
  },
}

/** A quiet ground: little hue, so that the figures on top carry the colour. */
export const flavors: Record<MapTheme, Flavor> = {
  light: {
    ...LIGHT,
    background: '#c9d8e2',
    earth: '#f4f4f1',
    park_a: '#e3ebdd',
    park_b: '#dce7d5',
    wood_a: '#dfe9d9',
    wood_b: '#d8e4d1',
    scrub_a: '#e3ebdd',
    scrub_b: '#dfe9d9',
    hospital: '#f3ecec',
    industrial: '#efefec',
    school: '#f0eee8',
    pedestrian: '#efeeea',
    sand: '#efebdf',
    beach: '#efebdc',
    aerodrome: '#e9ecef',
    runway: '#f6f7f8',
    zoo: '#e3ebdd',
    military: '#efefec',
    water: '#c9d8e2',
    buildings: '#e4e4e0',
    pier: '#e9e9e5',
    other: '#f4f4f1',
    minor_service: '#fbfbfa',
    minor_a: '#ffffff',
    minor_b: '#ffffff',
    link: '#ffffff',
    major: '#ffffff',
    highway: '#fbf6ea',
    minor_service_casing: '#e6e6e2',
    minor_casing: '#dededa',
    link_casing: '#d8d8d3',
    major_casing_early: '#d8d8d3',
    major_casing_late: '#d8d8d3',
    highway_casing_early: '#d6cdb8',
    highway_casing_late: '#d6cdb8',
    railway: '#c3c8cb',
    roads_label_minor: '#6d7479',
    roads_label_minor_halo: '#ffffff',
    roads_label_major: '#565e63',
    roads_label_major_halo: '#ffffff',
    ocean_label: '#557084',
    subplace_label: '#26323a',
    subplace_label_halo: '#ffffff',
    city_label: '#2c3438',
    city_label_halo: '#ffffff',
  },
  dark: {
    ...DARK,
    background: '#0f1a22',
    earth: '#1a2227',
    park_a: '#1b2a27',
    park_b: '#1c2d28',
    wood_a: '#1b2a27',
    wood_b: '#1c2d28',
    scrub_a: '#1b2a27',
    scrub_b: '#1b2a27',
    hospital: '#222529',
    industrial: '#1c2327',
    school: '#20262a',
    pedestrian: '#1f272c',
    sand: '#242721',
    beach: '#26281f',
    aerodrome: '#1c2429',
    runway: '#263036',
    zoo: '#1b2a27',
    military: '#1c2327',
    water: '#0f1a22',
    buildings: '#202a30',
    pier: '#20292f',
    other: '#232c32',
    minor_service: '#262f35',
    minor_a: '#2b353b',
    minor_b: '#2b353b',
    link: '#333e45',
    major: '#364249',
    highway: '#435058',
    minor_service_casing: '#171f23',
    minor_casing: '#171f23',
    link_casing: '#171f23',
    major_casing_early: '#171f23',
    major_casing_late: '#171f23',
    highway_casing_early: '#151c20',
    highway_casing_late: '#151c20',
    railway: '#37424a',
    roads_label_minor: '#93a0a7',
    roads_label_minor_halo: '#151c20',
    roads_label_major: '#a9b5bb',
    roads_label_major_halo: '#151c20',
    ocean_label: '#7f97a6',
    subplace_label: '#dfe7ea',
    subplace_label_halo: '#11181c',
    city_label: '#dde5e8',
    city_label_halo: '#11181c',
  },
}
