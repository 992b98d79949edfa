import { useLayoutEffect, useState } from 'preact/hooks'

type Theme = 'dark' | 'light'

const systemIsDark = matchMedia('(prefers-color-scheme: dark)')

/** Dark or light. The reader's choice is kept for a year; until then the system decides. */
export function ThemeSwitch() {
  const chosen = document.documentElement.dataset.theme
  const [theme, setTheme] = useState<Theme>(chosen === 'dark' || chosen === 'light' ? chosen : systemTheme())
  useLayoutEffect(() => {
    const follow = () => {
      if (document.documentElement.dataset.theme === undefined) setTheme(systemTheme())
    }
    systemIsDark.addEventListener('change', follow)
    return () => systemIsDark.removeEventListener('change', follow)
  }, [])
  const other = theme === 'dark' ? 'light' : 'dark'
  const change = () => {
    document.documentElement.dataset.theme = other
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is not there in every browser
    document.cookie = `theme=${other}; path=/; max-age=31536000; samesite=strict`
    setTheme(other)
  }
  return (
    <button type="button" class="theme" onClick={change}>
      <span aria-hidden="true">{theme === 'dark' ? '☀' : '☾'}</span>{' '}
      <span class="word">{other === 'dark' ? 'Dark' : 'Light'}</span>
    </button>
  )
}

function systemTheme(): Theme {
  return systemIsDark.matches ? 'dark' : 'light'
}
