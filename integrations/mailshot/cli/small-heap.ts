import v8 from 'node:v8'

/** Of the space for young objects, in bytes: room for some hundred mails under way. */
const enough = 8 * 1024 * 1024
const lookEveryMs = 100

/**
 * Keeps the heap of a process small that mails; to be called before its modules are loaded. V8 lets the space for young objects
 * grow to 128 MB by and by, however little survives in it, since it counts survivors over the whole life of the process; and the rest
 * to several times what is alive. Sizes can be set by command-line options alone, which a program that starts at a `#!` line has
 * none of; how they grow can be set at any time.
 */
export function keepHeapSmall(): void {
  v8.setFlagsFromString('--heap-growing-percent=50')
  // So little is no work to share: whoever waits for helpers waits for a core that the relay or the disk has.
  v8.setFlagsFromString('--no-parallel-scavenge')
  growYoungBy(1)
  const look = setInterval(() => {
    const isEnough = youngSpace() >= enough
    growYoungBy(isEnough ? 1 : 2)
    if (isEnough) clearInterval(look)
  }, lookEveryMs)
  look.unref()
}

function growYoungBy(factor: number): void {
  v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function youngSpace(): number {
  const spaces = v8.getHeapSpaceStatistics()
  return spaces.find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
