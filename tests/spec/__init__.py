"""Tests of the description of the API and of the package generated from it."""
