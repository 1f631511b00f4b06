import type { APIRoute } from 'astro'
import { handleUnknown } from '../../api/unknown.ts'

export const ALL: APIRoute = ({ request }) => handleUnknown(request)
