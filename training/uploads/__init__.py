"""From an uploaded file to the stored form of a data set; needs neither torch nor a worker.

A file is one of three layouts, which its bytes tell: NumPy arrays (npz), Hugging Face parquet, a
zip of class folders. It is read in a process of its own, ``python -m training.uploads``, and in
pieces, so that memory does not grow with the data.
"""
