// Fastify and pg: `node pg.js postgres://...`. Named statements are prepared once for a connection.
import pg from 'pg'
import { decide, serve } from './kick.js'

pg.types.setTypeParser(20, Number) // BIGINT: microseconds are exact in a double
const pool = new pg.Pool({ connectionString: process.argv[2], max: 8 })
const names = new Map()
const run = (client, text, values) => {
  if (!names.has(text)) names.set(text, `s${names.size}`)
  return client.query({ name: names.get(text), text, values })
}

await serve(async (hash, now, id, target) => {
  const client = await pool.connect()
  try {
    const session = await run(client,
      'SELECT users.id, users.role, users.last_seen FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = $1 AND tokens.expires_at > $2',
      [hash, now])
    if (session.rows.length === 0) return 401
    await client.query('BEGIN')
    const conference = await run(client, 'SELECT * FROM conferences WHERE id = $1', [id])
    const participants = await run(client, 'SELECT * FROM participants WHERE conference_id = $1 ORDER BY position', [id])
    const { status, hadAccount, seq } = decide(session.rows[0], conference.rows[0], participants.rows, target)
    if (seq === undefined) {
      await client.query('ROLLBACK')
      return status
    }
    await run(client,
      'INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, code) VALUES ($1, $2, $3, 11, 1, $4, $5, 6)',
      [id, seq, now, session.rows[0].id, target])
    if (hadAccount) {
      await run(client,
        'INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) VALUES (1, $1, $1, 1, $2, 0, $3, $3)',
        [id, JSON.stringify({ remove: target }), now])
    }
    await run(client,
      'UPDATE participants SET state = 6, deadline = NULL, account_expires = NULL, reason = 6, finished_at = $3, removal = $4 WHERE conference_id = $1 AND id = $2',
      [id, target, now, hadAccount ? 2 : 1])
    const saved = await run(client, 'UPDATE conferences SET last_seq = $2 WHERE id = $1 AND last_seq = $2 - 1', [id, seq])
    await client.query(saved.rowCount === 1 ? 'COMMIT' : 'ROLLBACK')
    return saved.rowCount === 1 ? 200 : 503
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
})
