CREATE INDEX job_file_by_digest ON job_file (digest);
CREATE INDEX output_by_digest ON output (digest);
CREATE INDEX job_by_output ON job (output_digest);
CREATE INDEX job_by_preview ON job (preview_digest);
PRAGMA user_version = 2;
