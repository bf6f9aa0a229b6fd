"""Where jobs run: in this process, on this machine's cores, or on a Dask cluster; `districting.engine` chooses."""
