"""Lifting in bulk: tables of keypoints, or many videos, on one machine or on a cluster."""
