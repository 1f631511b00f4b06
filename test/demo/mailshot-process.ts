import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { styleText } from 'node:util'

/** Runs one `mailshot` command as a person would, on this terminal, showing the line first; answers its exit code. */
export async function mailshot(args: string[], env: Record<string, string>): Promise<number> {
  console.log(styleText('cyan', `$ mailshot ${args.join(' ')}`))
  const child = spawn(process.execPath, ['integrations/mailshot/bin.mjs', ...args], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  // Ctrl-C reaches the child as well, which finishes what is in hand; SIGTERM has to be passed on.
  const passOn = () => void child.kill('SIGTERM')
  process.on('SIGTERM', passOn)
  const [code] = await once(child, 'exit')
  process.off('SIGTERM', passOn)
  return typeof code === 'number' ? code : 130
}
