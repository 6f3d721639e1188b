// Runs before the first paint, so that a dark screen never flashes white. It stands in a file of
// its own because the Content-Security-Policy forbids inline scripts. Keys as in src/app/theme.ts
// and src/app/i18n.ts.
;(function () {
  var root = document.documentElement
  var theme = null
  var locale = null
  try {
    theme = localStorage.getItem('wangge.theme')
    locale = localStorage.getItem('wangge.locale')
  } catch {
    // storage may be forbidden; the system's choice holds then
  }
  var dark =
    theme === 'dark' ||
    (theme !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches)
  root.classList.add(dark ? 'dark' : 'light')
  root.style.colorScheme = dark ? 'dark' : 'light'
  if (locale === 'zh-CN' || locale === 'en') root.lang = locale
  else root.lang = /^zh/i.test(navigator.language) ? 'zh-CN' : 'en'
})()
