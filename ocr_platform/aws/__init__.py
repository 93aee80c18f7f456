"""AWS at the edge: sessions and S3; botocore's errors become the platform's here and nowhere else."""
