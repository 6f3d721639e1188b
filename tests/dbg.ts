import { spawnSync } from 'node:child_process'
import { startAppServer } from './kit/app-server.ts'
import { launchChromium } from './kit/browser.ts'
import { openPage } from './kit/session.ts'
import { axeProblems } from './kit/axe.ts'
import { writeFileSync } from 'node:fs'
const server = await startAppServer({ dataDir: '/tmp/pubdata', keepData: true })
const env = { ...process.env, DATA_DIR: '/tmp/pubdata' }
const run = (...args: string[]) => { const r = spawnSync('npm', ['run','-s','publish','--',...args], { env, encoding: 'utf8' }); console.log(args.join(' '), '→', r.stdout, r.stderr) }
run('list')
if (process.argv[2] !== 'skip') run('--from','2026-05','--to','2026-10','--level','community')
await new Promise((r) => setTimeout(r, 1500))
const answer = await fetch(server.url + '/figures.json'); const text = await answer.text()
console.log(answer.status, answer.headers.get('etag'), text.length, answer.headers.get('cache-control'))
writeFileSync('/tmp/figures.json', text)
const browser = await launchChromium()
for (const [name, o] of Object.entries({
  desk: { width: 1440, height: 1800 }, zh: { width: 1440, height: 1800, locale: 'zh-CN' as const, theme: 'dark' as const }, phone: { width: 390, height: 844 },
})) {
  const { page, problems, context } = await openPage(browser, { url: server.url, path: '/public', ...o })
  await page.getByTestId('public-span').waitFor()
  if (name === 'zh') { await page.getByRole('radio').nth(2).check({force:true}); await page.locator('table button').nth(4).click() }
  await page.waitForTimeout(300)
  await page.screenshot({ path: `/tmp/pub-${name}.png`, fullPage: name === 'phone' })
  if (name !== 'zh') console.log(name, await axeProblems(page, [name === 'desk' ? 'light' : 'dark']))
  console.log(problems)
  await context.close()
}
await browser.close(); await server.stop()
