/** A time for people, in the site's zone: `2026-12-01 09:00`. */
export function formatTime(ms: number | null | undefined, timeZone: string): string {
  if (ms === null || ms === undefined) return ''
  // Swedish is the locale that writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
    ms,
  )
}

/** The same with its seconds, to be looked for in a log. */
export function formatMoment(ms: number | null | undefined, timeZone: string): string {
  if (ms === null || ms === undefined) return ''
  return new Intl.DateTimeFormat('sv', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(ms)
}

/** A time for programs. */
export function isoTime(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}

/** `1 recipient`, `2 recipients`, `12,000 recipients`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}

/** `850 bytes`, `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const steps = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(steps.length, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value.toFixed(value < 100 ? 1 : 0)} ${steps[power - 1]}`
}

/** A duration as its two largest parts: `8 s`, `2 min 5 s`, `3 h 20 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days ${hours % 24} h`
}

/** A text in lines of at most so many characters; only a longer word takes more. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines
}
