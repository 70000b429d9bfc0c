"""Readers of what other tools have logged: TensorBoard's event files, W&B's, MLflow's stores, CSV logs.

Standard library only, streaming, in bounded memory. A file that is cut off is read up to the cut; whatever its bytes are,
no reader crashes, hangs, or takes memory by what a file claims.
"""
