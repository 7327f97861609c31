// Fastify and pg: `node pg.js postgres://...`. Named statements are prepared once for a connection.
import pg from 'pg'
import { serve } from './server.js'

pg.types.setTypeParser(20, Number) // BIGINT: microseconds are exact in a double
const pool = new pg.Pool({ connectionString: process.argv[2], max: 8 })
const names = new Map()

await serve(async (operation) => {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    let step = operation.next()
    while (!step.done) {
      const [text, values] = step.value
      if (!names.has(text)) names.set(text, `s${names.size}`)
      const { rows } = await client.query({ name: names.get(text), text, values })
      step = operation.next(rows)
    }
    await client.query('COMMIT')
    return step.value
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
})
