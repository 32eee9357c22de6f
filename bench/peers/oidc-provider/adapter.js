// oidc-provider's models in PostgreSQL: one prepared statement, which is one commit, for each thing that it asks.

import pg from "pg";

export const pool = new pg.Pool({ max: Number(process.env.CONNECTIONS ?? 16) });

export class Adapter {
  constructor(model) {
    this.model = model;
  }

  query(name, text, values) {
    return pool.query({ name: `${this.model}.${name}`, text: text.replaceAll("MODEL", `"${this.model}"`), values });
  }

  async found(name, column, value) {
    const { rows } = await this.query(
      name,
      `select payload, consumed_at from MODEL where ${column} = $1 and (expires_at is null or expires_at > now())`,
      [value],
    );
    if (rows.length === 0) return undefined;
    const [{ payload, consumed_at: consumed }] = rows;
    return consumed ? { ...payload, consumed: Math.floor(consumed.getTime() / 1000) } : payload;
  }

  find(id) {
    return this.found("find", "id", id);
  }

  findByUid(uid) {
    return this.found("findByUid", "uid", uid);
  }

  findByUserCode(userCode) {
    return this.found("findByUserCode", "user_code", userCode);
  }

  async upsert(id, payload, expiresIn) {
    await this.query(
      "upsert",
      `insert into MODEL (id, payload, grant_id, user_code, uid, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
       on conflict (id) do update set payload = excluded.payload, grant_id = excluded.grant_id,
         user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`,
      [id, payload, payload.grantId, payload.userCode, payload.uid, expiresIn],
    );
  }

  async consume(id) {
    await this.query("consume", "update MODEL set consumed_at = now() where id = $1", [id]);
  }

  async destroy(id) {
    await this.query("destroy", "delete from MODEL where id = $1", [id]);
  }

  async revokeByGrantId(grantId) {
    await this.query("revokeByGrantId", "delete from MODEL where grant_id = $1", [grantId]);
  }
}
