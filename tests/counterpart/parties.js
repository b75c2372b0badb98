// Who is who: the keys of the merchant (his certificate only) and of WeChat Pay, from the
// configuration that the stack writes for its simulator.

import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";

import wxpay from "wechatpay-axios-plugin";

export const { Aes, Formatter, Rsa } = wxpay;

const private_key = (path) => Rsa.from(`file://${path}`, Rsa.KEY_TYPE_PRIVATE);

/** A certificate as WeChat Pay talks about it: its serial number names it. */
function certificate(path) {
	const x509 = new X509Certificate(readFileSync(path));
	return { serial: x509.serialNumber, public_key: x509.publicKey, pem: x509.toString(),
		since: new Date(x509.validFrom), until: new Date(x509.validTo) };
}

export function parties_load(told) {
	const platform = certificate(told.platform_cert_file);
	return {
		tls: { cert: readFileSync(told.tls_cert), key: readFileSync(told.tls_key) },
		ca: readFileSync(told.notify_ca_file), appid: told.appid, mchid: told.mchid,
		merchant: certificate(told.merchant_cert_file), platform,
		apiv3: readFileSync(told.apiv3_key_file, "utf8"),
		/* What WeChat Pay signs with: {serial, key}. */
		signers: {
			pubkey: { serial: told.pubkey_id, key: private_key(told.pubkey_private_file) },
			certificate: { serial: platform.serial, key: private_key(told.platform_key_file) },
		},
		/* Somebody whom nobody knows. */
		stranger: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
	};
}

/** The four headers of page 4013053249 over these very bytes. */
export function signature_headers({ serial, key }, body, age_s = 0) {
	const timestamp = String(Formatter.timestamp() - age_s), nonce = Formatter.nonce();
	return {
		"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce,
		"Wechatpay-Signature": Rsa.sign(Formatter.response(timestamp, nonce, body), key),
		"Wechatpay-Serial": serial,
	};
}

/** Encrypted to the merchant: notifies (4012791861) and certificates (4012551764). */
export function sealed(apiv3, plain, associated_data) {
	const nonce = Formatter.nonce(12);
	return { algorithm: "AEAD_AES_256_GCM", nonce, associated_data,
		ciphertext: Aes.AesGcm.encrypt(plain, apiv3, nonce, associated_data) };
}
