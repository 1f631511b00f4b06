import { defineMiddleware } from 'astro/middleware'
import config from 'virtual:mailshot/config'
import { guardRequest, protectResponse } from './guard.ts'
import { patternOf, siteRoutes } from './routes.ts'

const ownRoutes = new Map(siteRoutes.map((route) => [patternOf(route, config), route]))
const siteBase = import.meta.env.BASE_URL.replace(/\/$/, '')

/** Guards the site's own forms as Astro would, but knows mail services and a proxy that ends TLS; adds our headers. */
export const onRequest = defineMiddleware(async (context, next) => {
  if (context.isPrerendered) return next()
  const route = ownRoutes.get(siteBase + context.routePattern)
  const refusal = guardRequest(context.request, context.url.origin, { route, site: config.site })
  if (refusal) return refusal
  const response = await next()
  return route ? protectResponse(response, route) : response
})
