BEGIN TRANSACTION;
CREATE TABLE account (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	key_hash VARCHAR NOT NULL,
	created DATETIME NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE file (
	id VARCHAR NOT NULL,
	account_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	timestamp VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	uploaded DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE grant (
	secret_hash VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	sign_in VARCHAR NOT NULL,
	user_id VARCHAR,
	user_code VARCHAR,
	details JSON NOT NULL,
	expires DOUBLE NOT NULL,
	PRIMARY KEY (secret_hash),
	FOREIGN KEY(user_id) REFERENCES user (id)
);
CREATE TABLE job (
	number INTEGER NOT NULL,
	id VARCHAR NOT NULL,
	account_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	jobtype_id INTEGER NOT NULL,
	type VARCHAR NOT NULL,
	type_version VARCHAR NOT NULL,
	parameters JSON NOT NULL,
	job_file VARCHAR NOT NULL,
	settings VARCHAR NOT NULL,
	priority VARCHAR NOT NULL,
	pool_id VARCHAR NOT NULL,
	auto_pool JSON,
	status VARCHAR NOT NULL,
	percent INTEGER NOT NULL,
	task_count INTEGER,
	merge_task INTEGER,
	submitted DATETIME NOT NULL,
	started DATETIME,
	completed DATETIME,
	output_name VARCHAR,
	output_digest VARCHAR,
	preview_name VARCHAR,
	preview_digest VARCHAR,
	log_ticks INTEGER NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (id),
	FOREIGN KEY(account_id) REFERENCES account (id),
	FOREIGN KEY(jobtype_id) REFERENCES jobtype (id)
);
CREATE TABLE job_file (
	job_id VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	digest VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	PRIMARY KEY (job_id, path),
	FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE TABLE jobtype (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	version VARCHAR NOT NULL,
	description VARCHAR,
	parameters JSON NOT NULL,
	installed DATETIME NOT NULL,
	removed BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE log (
	job_id VARCHAR NOT NULL,
	ticks INTEGER NOT NULL,
	task_id INTEGER,
	text VARCHAR NOT NULL,
	PRIMARY KEY (job_id, ticks),
	FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE TABLE output (
	job_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	task_id INTEGER NOT NULL,
	path VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	made_by_service BOOLEAN NOT NULL,
	digest VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	PRIMARY KEY (job_id, name),
	FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE TABLE pool (
	id VARCHAR NOT NULL,
	account_id VARCHAR NOT NULL,
	auto BOOLEAN NOT NULL,
	target INTEGER NOT NULL,
	current INTEGER NOT NULL,
	max_tasks INTEGER NOT NULL,
	communication BOOLEAN NOT NULL,
	certificates JSON NOT NULL,
	state VARCHAR NOT NULL,
	allocation_state VARCHAR NOT NULL,
	resize_error VARCHAR,
	created DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE small_content (
	digest VARCHAR NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (digest)
);
CREATE TABLE task (
	job_id VARCHAR NOT NULL,
	id INTEGER NOT NULL,
	step VARCHAR NOT NULL,
	parameters JSON NOT NULL,
	status VARCHAR NOT NULL,
	progress INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	started DATETIME,
	completed DATETIME,
	worker VARCHAR,
	exit_code INTEGER,
	message VARCHAR,
	PRIMARY KEY (job_id, id),
	FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE TABLE user (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	account_id VARCHAR NOT NULL,
	salt VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name),
	FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_jobtype_name ON jobtype (name);
CREATE INDEX file_by_digest ON file (account_id, digest, size);
CREATE UNIQUE INDEX file_by_name ON file (account_id, name, path);
CREATE INDEX ix_pool_account_id ON pool (account_id);
CREATE INDEX ix_job_pool_id ON job (pool_id);
CREATE INDEX job_by_account ON job (account_id, number);
CREATE INDEX ix_job_status ON job (status);
CREATE INDEX ix_grant_sign_in ON grant (sign_in);
CREATE INDEX ix_grant_user_code ON grant (user_code);
CREATE INDEX ix_grant_user_id ON grant (user_id);
CREATE INDEX task_by_status ON task (job_id, status);
CREATE INDEX output_by_task ON output (job_id, task_id);
INSERT INTO file VALUES ('f1', 'ACCOUNT', 'old.txt', 'C:\in\old.txt', '2014-08-04T03:53:30Z',
	'01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee', 4, '2026-01-02 03:04:05.000000');
INSERT INTO small_content VALUES ('01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee', X'6F6C640A');
INSERT INTO jobtype VALUES (1, 'Old', '1', NULL, '[]', '2026-01-02 03:04:05.000000', 1);
INSERT INTO job VALUES (1, 'j1', 'ACCOUNT', 'old job', 1, 'Old', '1', '{"N": "1"}', '', '', 'Medium', 'gone', NULL,
	'Complete', 100, 1, NULL, '2026-01-02 03:04:05.000000', '2026-01-02 03:04:06.000000',
	'2026-01-02 03:04:07.000000', 'output.zip',
	'01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee', NULL, NULL, 17673231450000000);
INSERT INTO job_file VALUES ('j1', 'old.txt', 0, '01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee', 4);
INSERT INTO task VALUES ('j1', 1, 'Run', '{}', 'Complete', 100, 1, '2026-01-02 03:04:06.000000',
	'2026-01-02 03:04:07.000000', 'worker-0', 0, NULL);
INSERT INTO output VALUES ('j1', 'out.txt', 1, 'out.txt', 'TaskOutput', 0,
	'01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee', 4);
INSERT INTO log VALUES ('j1', 17673231450000000, NULL, 'The job is complete.');
CREATE INDEX job_file_by_digest ON job_file (digest);
CREATE INDEX output_by_digest ON output (digest);
CREATE INDEX job_by_output ON job (output_digest);
CREATE INDEX job_by_preview ON job (preview_digest);
COMMIT;
PRAGMA user_version = 2;
