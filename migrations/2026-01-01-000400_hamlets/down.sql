drop table former_hamlets, hamlet_changes, difficult_hamlets, hamlets;
