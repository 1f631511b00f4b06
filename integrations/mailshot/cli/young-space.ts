import v8 from 'node:v8'

/** In bytes: room for some hundred mails of 50 KB. */
const enough = 16 * 1024 * 1024
const lookEveryMs = 100

/**
 * Keeps the space for young objects small in a process that mails; to be called before its modules are loaded. V8 lets it grow to
 * 128 MB by and by, however little survives in it, since it counts survivors over the whole life of the process. The size
 * can be set by command-line options alone, which a program that starts at a `#!` line has none of; how it grows can be set
 * at any time.
 */
export function keepYoungSpaceSmall(): void {
  growBy(1)
  const look = setInterval(() => {
    const isEnough = youngSpace() >= enough
    growBy(isEnough ? 1 : 2)
    if (isEnough) clearInterval(look)
  }, lookEveryMs)
  look.unref()
}

function growBy(factor: number): void {
  v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function youngSpace(): number {
  const spaces = v8.getHeapSpaceStatistics()
  return spaces.find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
