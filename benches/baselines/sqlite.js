// Fastify and better-sqlite3: `node sqlite.js FILE`. The same settings as the server's writer.
import Database from 'better-sqlite3'
import { decide, serve } from './kick.js'

const db = new Database(process.argv[2])
for (const setting of ['busy_timeout = 5000', 'journal_mode = WAL', 'foreign_keys = ON', 'cache_size = -65536',
  'temp_store = MEMORY', 'wal_autocheckpoint = 1000', 'synchronous = FULL']) db.pragma(setting)

const session = db.prepare('SELECT users.id, users.role, users.last_seen FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = ? AND tokens.expires_at > ?')
const conferenceOf = db.prepare('SELECT * FROM conferences WHERE id = ?')
const participantsOf = db.prepare('SELECT * FROM participants WHERE conference_id = ? ORDER BY position')
const append = db.prepare('INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, code) VALUES (?, ?, ?, 11, 1, ?, ?, 6)')
const queue = db.prepare('INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) VALUES (1, ?, ?, 1, ?, 0, ?, ?)')
const finish = db.prepare('UPDATE participants SET state = 6, deadline = NULL, account_expires = NULL, reason = 6, finished_at = ?, removal = ? WHERE conference_id = ? AND id = ?')
const save = db.prepare('UPDATE conferences SET last_seq = ? WHERE id = ? AND last_seq = ?')

const kick = db.transaction((user, now, id, target) => {
  const { status, hadAccount, seq } = decide(user, conferenceOf.get(id), participantsOf.all(id), target)
  if (seq === undefined) return status
  append.run(id, seq, now, user.id, target)
  if (hadAccount) queue.run(id, id, JSON.stringify({ remove: target }), now, now)
  finish.run(now, hadAccount ? 2 : 1, id, target)
  save.run(seq, id, seq - 1)
  return status
})

await serve(async (hash, now, id, target) => {
  const user = session.get(hash, now)
  return user ? kick.immediate(user, now, id, target) : 401
})
