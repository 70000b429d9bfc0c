"""What a script reports to other libraries is copied to its run, as it is reported (docs/capture.md).

    site/        the folder on the run's PYTHONPATH, with nothing but sitecustomize.py
    install.py   import hooks: the moment a library is imported its functions are wrapped
    table.py     which module is wrapped by what
    wrap.py      how: the library's own function first, ours after it, and never an exception of ours
    sink.py      where all of it goes: the run of this process
    libraries/   a file for each library

Nothing is imported here that the script does not import itself.
"""
