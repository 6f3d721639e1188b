import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext } from 'playwright'

/** Flags for a headless Chromium that draws WebGL in software and never calls home. */
export const chromiumFlags = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  // all but WebGL is drawn by the CPU itself: by way of an emulated graphics card it takes a third longer
  '--disable-gpu-compositing',
  '--disable-gpu-rasterization',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  // replaces the driver's list, of which those that bear on these tests are named again
  `--disable-features=${[
    // a renderer started in advance for a page that never comes: a tenth of each page's CPU time
    'SpareRendererForSitePerProcess',
    'AvoidUnnecessaryBeforeUnloadCheckSync',
    'DestroyProfileOnBrowserClose',
    'HttpsUpgrades',
    'HttpsFirstBalancedModeAutoEnable',
    'MediaRouter',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
    'OptimizationHints',
    'NetworkTimeServiceQuerying',
  ]}`,
]

const installed = [
  process.env.CHROMIUM_PATH,
  // without windows, tabs and toolbars of its own: a test takes a fifth less time
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * Path of a usable Chromium: `CHROMIUM_PATH`, an installed one, or Playwright's; installs one
 * where it may (Debian as root by `apt-get`, elsewhere by `playwright install`).
 * @throws Error that names the way out where it can't.
 */
export function findChromium(): string {
  known ??= lookForChromium()
  if (known) return known
  console.error('No Chromium found: installing one …')
  const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0
  if (isDebianRoot) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    spawnSync('apt-get', ['install', '-y', '-qq', 'chromium-headless-shell', 'fonts-noto-cjk'], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  } else {
    spawnSync('npx', ['playwright', 'install', 'chromium'], { stdio: 'inherit' })
  }
  known = lookForChromium()
  if (known) return known
  throw new Error(
    'No Chromium could be found or installed. Install one (Debian: apt-get install chromium; ' +
      'elsewhere: npx playwright install chromium) or name yours in CHROMIUM_PATH, then run again.',
  )
}

/** Tried once a process. */
let known: string | undefined

function lookForChromium(): string | undefined {
  const candidates = [...installed, chromium.executablePath()]
  return candidates.find((path) => path && existsSync(path) && starts(path))
}

/** A file may be there and still not run: a snap stub, a missing library. */
function starts(path: string): boolean {
  try {
    return execFileSync(path, ['--version', '--no-sandbox'], { encoding: 'utf8' }).length > 0
  } catch {
    return false
  }
}

export const launchChromium = (moreFlags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: [...chromiumFlags, ...moreFlags] })

/** A browser with a profile that lasts: closed and launched again it knows what it knew. */
export const launchProfile = (
  folder: string,
  { width, height, touch }: { width: number; height: number; touch: boolean },
): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, {
    executablePath: findChromium(),
    args: chromiumFlags,
    viewport: { width, height },
    hasTouch: touch,
    isMobile: touch,
    locale: 'en',
  })
