"""An S3 service: versitygw, and a front with a cloud's own rule of who may do what."""
