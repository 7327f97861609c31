// Fastify and better-sqlite3: `node sqlite.js FILE`. The same settings as the server's writer.
import Database from 'better-sqlite3'
import { serve } from './server.js'

const db = new Database(process.argv[2])
for (const setting of ['busy_timeout = 5000', 'journal_mode = WAL', 'foreign_keys = ON', 'cache_size = -65536',
  'temp_store = MEMORY', 'wal_autocheckpoint = 1000', 'synchronous = FULL']) db.pragma(setting)
const statements = new Map()

const run = db.transaction((operation) => {
  let step = operation.next()
  while (!step.done) {
    const [text, values] = step.value
    let statement = statements.get(text)
    if (!statement) statements.set(text, statement = db.prepare(text))
    // `$1` is a name to SQLite.
    const named = { ...[null, ...values] }
    if (statement.reader) {
      step = operation.next(statement.all(named))
    } else {
      statement.run(named)
      step = operation.next([])
    }
  }
  return step.value
})

await serve((operation) => run.immediate(operation))
