"""What people see: plans and explanations as text, progress, tables. Listens to events; decides nothing."""
