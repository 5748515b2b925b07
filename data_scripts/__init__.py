"""How each data set comes onto disk: ``python -m data_scripts --help`` lists them."""
