import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { mock } from 'node:test'
import { openFileConnection } from '../../db/file-connection.ts'

// A process whose database waits for the disk until a timer of the same process ends that.
const [file = '', held = '', during] = process.argv.slice(2)
mock.timers.enable({ apis: ['setTimeout'] })
const connection = openFileConnection(file)
const write = (text: string) => connection.writer([{ text, values: [] }])()
const read = () => connection.read({ text: 'SELECT x FROM t', values: [] })
await write('CREATE TABLE t (x)')
await write('INSERT INTO t VALUES (1)')
await read()
writeFileSync(held, '')
const letGo = setInterval(() => {
  if (!existsSync(`${held}.seen`)) return
  clearInterval(letGo)
  console.log('let go')
  rmSync(held)
}, 5)
if (during === 'commit') void write('INSERT INTO t VALUES (2)').then(() => console.log('committed'))
else mock.timers.tick(10_000)
console.log((await read()).length)
clearInterval(letGo)
rmSync(held, { force: true })
await connection.close()
