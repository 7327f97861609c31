// The HTTP side of both baselines.
import Fastify from 'fastify'
import { operations, Refused } from './operations.js'

// Listens on a free port and says which. `run` takes an operation's generator to its end, in one transaction.
export async function serve (run) {
  const app = Fastify({ logger: false })
  // A request without a body has the media type all the same.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    try {
      done(null, text === '' ? {} : JSON.parse(text))
    } catch (error) {
      done(Object.assign(error, { statusCode: 400 }))
    }
  })
  for (const [path, operation] of Object.entries(operations)) {
    app.post(`/API/${path}`, async (request, reply) => {
      const token = request.headers.weyitoken
      if (typeof token !== 'string') return reply.code(401).send()
      try {
        const { body, location } = await run(operation({ token, body: request.body ?? {}, now: Date.now() * 1000 }))
        if (location) reply.header('location', location)
        return reply.send(body)
      } catch (error) {
        if (error instanceof Refused) return reply.code(error.status).send()
        throw error
      }
    })
  }
  console.log('listening on ' + await app.listen({ host: '127.0.0.1', port: 0 }) + '/API')
}
