"""A service that speaks the Batch Apps Management API and runs its jobs.

Started with the ``batchapps-service`` command; nothing here is meant to be imported
by programs. Job types are Open Job Description templates, pools are Dask clusters.
"""

__version__ = "1.0.0"
