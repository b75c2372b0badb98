// Our token endpoint as clients of others see it: openid-client, and oauth4webapi below it.
//   node clients.js ISSUER CODE CODE      (two codes of a mini-program's wx.login)
// Says as JSON what each has got; NODE_EXTRA_CA_CERTS is whom to trust.

import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const WECHAT = "urn:zhixing:wechat-code";
const CLIENT = { client_id: "a-service" };
const [issuer, ...codes] = process.argv.slice(2);

const error_of = (attempt) => attempt.then(() => null, (error) => ({
	error: error.error, description: error.error_description, name: error.name,
	status: error.status }));

async function by_oauth4webapi(code) {
	const url = new URL(issuer);
	const server = await oauth.processDiscoveryResponse(url,
		await oauth.discoveryRequest(url, { algorithm: "oauth2" }));
	const ask = async (code) => oauth.processGenericTokenEndpointResponse(server, CLIENT,
		await oauth.genericTokenEndpointRequest(server, CLIENT, oauth.None(), WECHAT, { code }));
	const first = await ask(code);
	const second = await oauth.processRefreshTokenResponse(server, CLIENT,
		await oauth.refreshTokenGrantRequest(server, CLIENT, oauth.None(), first.refresh_token));
	const refused = await error_of(ask("nobody"));
	await oauth.processRevocationResponse(
		await oauth.revocationRequest(server, CLIENT, oauth.None(), second.refresh_token));
	return { first, second, refused };
}

async function by_openid_client(code) {
	const config = await openid.discovery(new URL(issuer), CLIENT.client_id, undefined,
		openid.None(), { algorithm: "oauth2" });
	const first = await openid.genericGrantRequest(config, WECHAT, { code });
	const second = await openid.refreshTokenGrant(config, first.refresh_token);
	const refused = await error_of(openid.genericGrantRequest(config, WECHAT,
		{ code: "nobody" }));
	const broken = await error_of(openid.genericGrantRequest(config, WECHAT, {}));
	await openid.tokenRevocation(config, second.refresh_token);
	return { first, second, refused, broken };
}

/** Any service may look at our tokens by itself. */
async function by_jose(token) {
	const keys = createRemoteJWKSet(new URL(`${issuer}/oauth2/jwks`));
	const { payload, protectedHeader } = await jwtVerify(token, keys,
		{ issuer, algorithms: ["ES256"] });
	return { payload, header: protectedHeader };
}

const oauth4webapi = await by_oauth4webapi(codes[0]);
const openid_client = await by_openid_client(codes[1]);
const jose = await by_jose(openid_client.first.access_token);
console.log(JSON.stringify({ oauth4webapi, openid_client, jose }));
